"""Who may call what: the one table. A route without a row here stops the gateway from starting."""

from enum import StrEnum

from gateway.alerts.people import Role
from gateway.alerts.tokens import Scope


class Access(StrEnum):
    """What a route demands. ``LOOPBACK`` is open to this machine; from elsewhere it takes a login.

    ``DEVICE`` is for what devices push: the route itself demands a secret, and no browser's session counts there.
    """

    PUBLIC = "public"
    LOOPBACK = "loopback"
    DEVICE = "device"
    VIEWER = "viewer"
    GUARD = "guard"
    MANAGER = "manager"
    ADMINISTRATOR = "administrator"


POLICY: dict[tuple[str, str], Access] = {
    ("POST", "/api/login"): Access.PUBLIC,
    ("POST", "/api/login/once"): Access.PUBLIC,
    ("POST", "/api/logout"): Access.PUBLIC,
    ("GET", "/api/me"): Access.VIEWER,
    ("GET", "/api/site"): Access.VIEWER,
    ("GET", "/api/alerts"): Access.VIEWER,
    ("GET", "/api/alerts/{alert_id}"): Access.VIEWER,
    ("GET", "/api/alerts/{alert_id}/messages"): Access.VIEWER,
    ("POST", "/api/alerts/{alert_id}/acknowledge"): Access.GUARD,
    ("POST", "/api/alerts/{alert_id}/verdict"): Access.GUARD,
    ("POST", "/api/alerts/{alert_id}/comment"): Access.GUARD,
    ("POST", "/api/alerts/{alert_id}/resolve"): Access.GUARD,
    ("POST", "/api/alerts/{alert_id}/take-over"): Access.MANAGER,
    ("POST", "/api/alerts/{alert_id}/assign"): Access.GUARD,
    ("POST", "/api/alerts/{alert_id}/dispatch"): Access.GUARD,
    ("POST", "/api/alerts/{alert_id}/arrive"): Access.GUARD,
    ("POST", "/api/alerts/{alert_id}/correct"): Access.MANAGER,
    ("POST", "/api/alerts/{alert_id}/close"): Access.MANAGER,
    ("POST", "/api/alerts/{alert_id}/shelve"): Access.GUARD,
    ("GET", "/api/suppressions"): Access.VIEWER,
    ("POST", "/api/suppressions"): Access.MANAGER,
    ("POST", "/api/suppressions/preview"): Access.GUARD,
    ("POST", "/api/suppressions/{suppression_id}/extend"): Access.MANAGER,
    ("POST", "/api/suppressions/{suppression_id}/end"): Access.GUARD,
    ("GET", "/api/likelihood"): Access.VIEWER,
    ("GET", "/api/incidents"): Access.VIEWER,
    ("GET", "/api/incidents/{incident_id}"): Access.VIEWER,
    ("GET", "/api/plans"): Access.VIEWER,
    ("GET", "/api/alerts/{alert_id}/plan"): Access.VIEWER,
    ("POST", "/api/alerts/{alert_id}/plan"): Access.GUARD,
    ("POST", "/api/alerts/{alert_id}/plan/step"): Access.GUARD,
    ("GET", "/api/reviews"): Access.VIEWER,
    ("GET", "/api/alerts/{alert_id}/evidence"): Access.VIEWER,
    ("GET", "/api/alerts/{alert_id}/evidence/{file_id}"): Access.GUARD,
    ("GET", "/api/alerts/{alert_id}/case"): Access.MANAGER,
    ("GET", "/api/devices"): Access.VIEWER,
    ("GET", "/api/devices/{device_id}"): Access.VIEWER,
    ("GET", "/api/devices/{device_id}/history"): Access.VIEWER,
    ("GET", "/api/alerts/{alert_id}/explanation"): Access.VIEWER,
    ("GET", "/api/devices/{device_id}/explanation"): Access.VIEWER,
    ("GET", "/api/feedback"): Access.VIEWER,
    ("GET", "/api/quarantine"): Access.VIEWER,
    ("POST", "/api/quarantine/{device_id}/adopt"): Access.MANAGER,
    ("GET", "/api/dead-letters"): Access.MANAGER,
    ("POST", "/api/me/password"): Access.VIEWER,
    ("GET", "/api/people"): Access.MANAGER,
    ("POST", "/api/people"): Access.ADMINISTRATOR,
    ("POST", "/api/people/{username}/change"): Access.ADMINISTRATOR,
    ("POST", "/api/people/{username}/reset"): Access.ADMINISTRATOR,
    ("POST", "/api/people/{username}/remove"): Access.ADMINISTRATOR,
    ("GET", "/api/shifts"): Access.VIEWER,
    ("POST", "/api/shifts"): Access.MANAGER,
    ("POST", "/api/shifts/{record_id}/remove"): Access.MANAGER,
    ("GET", "/api/duty"): Access.VIEWER,
    ("GET", "/api/duty/gaps"): Access.VIEWER,
    ("GET", "/api/duty/rota"): Access.GUARD,
    ("POST", "/api/duty/turns"): Access.MANAGER,
    ("POST", "/api/duty/turns/{record_id}/remove"): Access.MANAGER,
    ("POST", "/api/duty/overrides"): Access.MANAGER,
    ("POST", "/api/duty/overrides/{record_id}/remove"): Access.MANAGER,
    ("POST", "/api/duty/on-call"): Access.MANAGER,
    ("GET", "/api/handover"): Access.GUARD,
    ("POST", "/api/handover"): Access.GUARD,
    ("GET", "/api/alerts/{alert_id}/dispatch"): Access.GUARD,
    ("GET", "/api/visitors"): Access.GUARD,
    ("POST", "/api/visitors"): Access.GUARD,
    ("GET", "/api/visitors/{visitor_id}"): Access.GUARD,
    ("GET", "/api/visitors/{visitor_id}/pass"): Access.GUARD,
    ("POST", "/api/visitors/{visitor_id}/revoke"): Access.GUARD,
    ("POST", "/api/passes/verify"): Access.DEVICE,
    ("GET", "/api/health"): Access.VIEWER,
    ("GET", "/api/stream"): Access.VIEWER,
    ("GET", "/api/exports/alerts.csv"): Access.VIEWER,
    ("GET", "/api/exports/alerts.xlsx"): Access.VIEWER,
    ("GET", "/api/tokens"): Access.ADMINISTRATOR,
    ("POST", "/api/tokens"): Access.ADMINISTRATOR,
    ("POST", "/api/tokens/{token_id}/revoke"): Access.ADMINISTRATOR,
    ("GET", "/api/openapi.json"): Access.VIEWER,
    ("GET", "/api/docs"): Access.VIEWER,
    ("POST", "/push/hikvision"): Access.DEVICE,
    ("POST", "/push/zkteco"): Access.DEVICE,
    ("GET", "/healthz"): Access.PUBLIC,
    ("GET", "/readyz"): Access.PUBLIC,
    ("GET", "/metrics"): Access.LOOPBACK,
    ("GET", "/{path}"): Access.PUBLIC,
    ("HEAD", "/{path}"): Access.PUBLIC,
}

SAFE_METHODS = frozenset({"GET", "HEAD"})

_SCOPE = {
    Access.VIEWER: Scope.READ,
    Access.LOOPBACK: Scope.READ,
    Access.GUARD: Scope.ACT,
    Access.MANAGER: Scope.MANAGE,
}
_RANK = {role: rank for rank, role in enumerate(Role)}


def access_to(method: str, path: str) -> Access:
    """Look up the policy of a route; whether a part of its path may hold slashes makes no difference.

    Raises:
        RuntimeError: the table has no row for it.
    """
    try:
        return POLICY[method, path.replace(":path}", "}")]
    except KeyError:
        raise RuntimeError(f"no policy for {method} {path}; decide who may call it in gateway/api/policy.py") from None


def allows(access: Access, role: Role | None, *, loopback: bool) -> bool:
    """Tell whether somebody with ``role`` (``None``: not logged in) may pass."""
    if access in (Access.PUBLIC, Access.DEVICE) or (access is Access.LOOPBACK and loopback):
        return True
    if role is None:
        return False
    needed = Role.VIEWER if access is Access.LOOPBACK else Role(access.value)
    return _RANK[role] >= _RANK[needed]


def scope_for(method: str, access: Access) -> Scope | None:
    """The scope a token needs; ``None``: no token will do, a person has to. One that may only read changes nothing."""
    needed = _SCOPE.get(access)
    return Scope.ACT if needed is Scope.READ and method not in SAFE_METHODS else needed
