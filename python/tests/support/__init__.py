"""What tests stand on: the other side of a response, clients, and real servers."""
