"""Networks from a grey picture to the flow of its instances, behind one interface.

A network takes pictures of shape (N, 1, H, W), grey values about -1…1, height and width
multiples of its `stride`, and gives three channels of the same height and width: the flow along
y and along x, and the logit of being foreground. `tiling` brings pictures of any size to that.
None has a layer that looks at the whole picture, such as a normalisation over it: a tile would
otherwise be another picture than the part that it is.
"""
