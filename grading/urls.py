from django.urls import path

from grading import views

urlpatterns = [
    path("join/", views.find_course, name="find-course"),
    path("join/<str:code>/", views.join_course, name="join-course"),
]
