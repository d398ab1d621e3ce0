"""Bodies of sends that Messenger and Instagram share."""

from ingestion.channels.port.adapter import Outgoing, OutgoingFile
from konectus.domain.channels import AttachmentKind

Body = dict[str, object]
_TYPES = {AttachmentKind.IMAGE: "image", AttachmentKind.AUDIO: "audio", AttachmentKind.VIDEO: "video"}


def envelope(out: Outgoing, message: Body) -> Body:
    """RESPONSE inside the window, the human agent's tag from 24 hours to 7 days."""
    body: Body = {"recipient": {"id": out.recipient}, "message": message}
    if out.late:
        body |= {"messaging_type": "MESSAGE_TAG", "tag": "HUMAN_AGENT"}
    else:
        body["messaging_type"] = "RESPONSE"
    if out.reply_to:
        body["reply_to"] = {"mid": out.reply_to}
    return body


def attachment(file: OutgoingFile) -> Body:
    """Multipart carries the bytes beside it; else the channel fetches the address."""
    return {"type": _TYPES.get(file.kind, "file"), "payload": {"url": file.url} if file.url else {}}
