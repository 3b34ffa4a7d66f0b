from django.urls import path

from billing import views

urlpatterns = [
    path("billing/buy/<int:pk>/", views.buy, name="buy-course"),
    path("billing/return/", views.come_back, name="payment-return"),
    path("billing/webhook/", views.webhook, name="stripe-webhook"),
]
