"""Our role as a provider (eMSP): what CPOs push to us and what we pull and ask of them."""
