"""``ray_embedding``: speaker embeddings by a model that a Ray Serve deployment holds for many servers.

An alternative to the stage whose model the deployment holds; ``docs/ray.md`` says how both are deployed.
"""

from speaker_tracker_plugins.ray_embedding.stage import RayEmbeddingOptions, speaker_tracker_stages

__all__ = ["RayEmbeddingOptions", "speaker_tracker_stages"]
