from django.urls import include, path

from accounts import views

urlpatterns = [
    path("accounts/policy/", views.agree_to_policy, name="agree-to-policy"),
    path("accounts/", include("allauth.urls")),
    path("policy/", views.show_policy, name="policy"),
]
