"""Questions about pictures: what several rooms that write them share."""
