"""Keeps `Membership.listed_as` what its user is called, whoever changes the one or the other."""

from typing import Any

from django.db.models.signals import post_save, pre_save
from django.dispatch import receiver

from accounts.models import User
from orgs.models import Membership
from orgs.models.membership import listed_as


@receiver(pre_save, sender=Membership)
def name_new_membership(sender: object, instance: Membership, **kwargs: Any) -> None:
    if instance._state.adding:
        instance.listed_as = listed_as(instance.user)


@receiver(post_save, sender=User)
def rename_memberships(sender: object, instance: User, created: bool, **kwargs: Any) -> None:
    """One query, and one more where the name or the address did change."""
    changed = kwargs["update_fields"]
    if created or (changed is not None and not {"name", "email"} & set(changed)):
        return
    name = listed_as(instance)
    if Membership.objects.filter(user=instance).exclude(listed_as=name).exists():
        Membership.objects.filter(user=instance).update(listed_as=name)
