"""Telegram bots: updates in, Bot API calls out. Shares nothing with Meta."""
