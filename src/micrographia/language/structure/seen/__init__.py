"""What is seen of a picture: what repeats in it, the sheet of a network, what is weighed in."""
