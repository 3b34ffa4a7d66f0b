from django.urls import include, path

from accounts import views

urlpatterns = [
    path("accounts/", include("allauth.account.urls")),
    path("policy/", views.policy, name="policy"),
]
