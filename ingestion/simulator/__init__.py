"""A loopback stand-in for the channels and for the End Contacts who write there. Independent of everything it tests."""
