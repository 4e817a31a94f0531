"""What the exchange keeps: blobs, attempts, the queue, results, openings."""
