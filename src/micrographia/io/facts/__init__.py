"""Facts of pictures: what there can be, and how they are put into words."""
