"""A limit on the size of a request, also of one that does not say its size before it comes."""

from __future__ import annotations

from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from billing_backend.problems import ProblemError


class BodyLimit:
    """Reads the body before the app does, up to `most` bytes, and answers 413 to what is longer.

    A body is wanted whole anyway, to be parsed as JSON; so no more than `most` bytes of it are ever in memory.
    """

    def __init__(self, app: ASGIApp, most: int) -> None:
        self.app = app
        self.most = most

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        try:
            body = None if self._announces_more(scope) else await self._read(receive)
        except ClientDisconnect:
            return  # what came is a part, and there is nobody to answer
        if body is None:
            problem = ProblemError(
                413, "too-long", f"a request has at most {self.most:,} bytes", headers={"Connection": "close"}
            )
            await problem.response()(scope, receive, send)
            return
        await self.app(scope, _replayed(body, receive), send)

    def _announces_more(self, scope: Scope) -> bool:
        lengths = [value for name, value in scope["headers"] if name == b"content-length"]
        return any(not value.isdigit() or int(value[:20]) > self.most for value in lengths)

    async def _read(self, receive: Receive) -> bytes | None:
        """The whole body; None as soon as it is too long. Raises `ClientDisconnect` where it breaks off."""
        parts, size = list[bytes](), 0
        while True:
            message = await receive()
            if message["type"] == "http.disconnect":
                raise ClientDisconnect
            size += len(message.get("body", b""))
            if size > self.most:
                return None
            parts.append(message.get("body", b""))
            if not message.get("more_body", False):
                return b"".join(parts)


def _replayed(body: bytes, receive: Receive) -> Receive:
    messages: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

    async def again() -> Message:
        return messages.pop() if messages else await receive()

    return again
