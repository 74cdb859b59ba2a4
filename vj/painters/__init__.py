"""Learned painters: small networks that paint a picture through onnxruntime, without torch."""
