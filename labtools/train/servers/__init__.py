"""The machines of a lab: which GPUs are whose, and how a command reaches each, here or by the user's own ssh."""
