"""Training and inference on arrays that live on the device."""
