"""Language: text about pictures, checked against what is known of them."""
