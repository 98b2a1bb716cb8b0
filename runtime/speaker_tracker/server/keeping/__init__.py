"""Sessions that outlive their connection: where their state is kept, and who may go on with them."""
