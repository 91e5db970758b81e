"""The one way into a book: messages are looked up, decided and appended here, whatever brought them."""
