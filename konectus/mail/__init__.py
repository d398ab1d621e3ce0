"""Our own e-mail: letters made of templates, and ways out: SMTP, or a directory of .eml files."""
