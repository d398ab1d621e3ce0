"""What is printed or kept as a page: PDFs and snapshots, from frozen values. No reads, no storage."""
