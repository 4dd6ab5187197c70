"""From a notice to bytes in the mail server's hands: letters (the words), mail (the headers), courier (SMTP)."""
