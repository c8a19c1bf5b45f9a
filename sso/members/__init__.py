"""An organisation's members as its admins see and change them."""
