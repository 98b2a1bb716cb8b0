"""A server on the loopback that gives a file as Hugging Face's hub does: to those with the right token alone."""

from support.hub_server import HubServer

TOKEN = "hf_right"


class GatedHub(HubServer):
    """Answers requests for ``files``, from paths to contents."""

    def refusal(self) -> int | None:
        authorization = self.headers.get("Authorization")
        if authorization == f"Bearer {TOKEN}":
            return None
        return 401 if authorization is None else 403
