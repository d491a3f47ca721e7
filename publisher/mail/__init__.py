"""Mail: what is rendered, written, signed and sent, and what the answers mean."""
