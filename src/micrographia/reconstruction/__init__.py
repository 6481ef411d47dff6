"""Room: STEM images become crystal structures."""
