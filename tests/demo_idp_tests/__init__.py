"""Tests of the demo IdPs themselves: whole flows over HTTP, checked by joserfc and signxml."""
