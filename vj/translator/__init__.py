"""Translators: networks that a performer trains on a clip of their own, so that one content becomes
another: lines a picture, a face's points that face. Their network is the built-in model's."""
