from django.urls import include, path

from accounts import views

urlpatterns = [
    path("accounts/", views.my_account, name="my-account"),
    path("accounts/data.zip", views.download, {"kind": "zip"}, name="my-data"),
    path("accounts/data.json", views.download, {"kind": "json"}, name="my-data-json"),
    path("accounts/delete/", views.delete_account, name="delete-account"),
    path("accounts/keep/", views.keep_account, name="keep-account"),
    path("accounts/daily-letters/", views.waiting_letters, name="waiting-letters"),
    path(
        "accounts/daily-letters/<str:token>/",
        views.stop_waiting_letters,
        name="stop-waiting-letters",
    ),
    path("accounts/policy/", views.agree_to_policy, name="agree-to-policy"),
    path("accounts/oidc/<str:provider_id>/login/callback/", views.provider_callback),
    path("accounts/", include("allauth.urls")),
    path("policy/", views.show_policy, name="policy"),
]
