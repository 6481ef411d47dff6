"""What is known of one picture: tools of all rooms, run as far as a question needs them."""
