"""The port for tokens, in memory."""

from collections.abc import Sequence
from typing import Any

from msgspec import structs

from gateway.alerts.tokens import Scope, Token

NOW = 1_790_000_000.0


class MemoryTokens:
    """A token per scope, its secret ``cgt_`` and the scope; others are made as asked."""

    def __init__(self) -> None:
        self.tokens = {f"cgt_{scope}": made_token(scope.value, scope) for scope in Scope}

    async def find(self, secret: str) -> Token | None:
        found = self.tokens.get(secret)
        return found if found and found.is_live(NOW) else None

    async def create(
        self, name: str, scopes: Sequence[Scope], buildings: Sequence[str], valid_s: float, actor: str
    ) -> tuple[Token, str]:
        made = made_token(name, *scopes, buildings=tuple(buildings), created_by=actor, expires_at=NOW + valid_s)
        self.tokens[f"cgt_{name}"] = made
        return made, f"cgt_{name}"

    async def everything(self) -> list[Token]:
        return list(self.tokens.values())

    async def revoke(self, token_id: str, actor: str) -> Token:
        for secret, token in self.tokens.items():
            if token.id == token_id:
                self.tokens[secret] = structs.replace(token, revoked_at=NOW)
                return self.tokens[secret]
        raise KeyError(token_id)


def made_token(name: str, *scopes: Scope, **changes: Any) -> Token:
    fields = {"id": f"id-{name}", "name": name, "scopes": scopes, "buildings": (), "created_by": "administrator"}
    return Token(**{**fields, "created_at": NOW, "expires_at": NOW + 60, **changes})
