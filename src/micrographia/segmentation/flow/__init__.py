"""Flow fields: from label masks to fields and back."""
