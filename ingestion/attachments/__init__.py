"""Bytes of attachments: fetched from addresses that strangers wrote, told apart by content, kept sealed."""
