"""The web surfaces of people: staff, agents, owners. Nothing here knows a channel or a figure."""
