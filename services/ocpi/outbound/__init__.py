"""What partners are told: events to OCPI 2.3.0 objects, and from those to what older versions want; pure."""
