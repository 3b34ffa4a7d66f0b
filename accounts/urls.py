from django.urls import include, path

from accounts import views

urlpatterns = [
    path("accounts/policy/", views.agree_to_policy, name="agree-to-policy"),
    path("accounts/oidc/<str:provider_id>/login/callback/", views.provider_callback),
    path("accounts/", include("allauth.urls")),
    path("policy/", views.show_policy, name="policy"),
]
