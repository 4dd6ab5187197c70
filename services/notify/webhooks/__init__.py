"""From a notice to an endpoint's hands: addresses (where we may go), signing (whose word it is), courier (HTTPS)."""
