"""Audio files, signatures of media files, and PCM conversion."""
