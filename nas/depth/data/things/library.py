"""The two libraries that the scenes need, which are optional: trimesh makes solids, Embree traces rays."""

from typing import Any

from nas.depth.data.images import DataError

CURE = "pip install 'chamnas[scenes]', or train on your own pictures with --data"


def need_libraries() -> None:
    """Both.

    Raises:
      DataError: one is not installed.
    """
    trimesh_module()
    embree_scene()


def trimesh_module() -> Any:
    """Trimesh.

    Raises:
      DataError: it is not installed.
    """
    try:
        import trimesh
    except ImportError as error:
        raise DataError(f"scenes of things are made with trimesh, which is not installed; {CURE}") from error
    return trimesh


def embree_scene() -> Any:
    """An empty scene of Embree's.

    Raises:
      DataError: embreex is not installed.
    """
    try:
        from embreex.rtcore_scene import EmbreeScene
    except ImportError as error:
        raise DataError(
            f"scenes of things are rendered by embreex, which is not installed; {CURE} (it has none for Linux on ARM)"
        ) from error
    return EmbreeScene()


def add_mesh(scene: Any, vertices: Any, faces: Any) -> None:
    """Add triangles; the scene numbers its meshes in that order."""
    from embreex.mesh_construction import TriangleMesh

    TriangleMesh(scene, vertices, faces)
