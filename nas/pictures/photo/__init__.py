"""A 3D photo: a layered depth image as a textured mesh, in a page to look around in and as GLB. Imports nas.pictures.

Its files are imported by name: they import OpenCV.
"""
