# Sourced by the scripts that call pip: whatever the user set for pips of their own does not reach ours.
export PIP_USER=0 PIP_REQUIRE_VIRTUALENV=0 PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_ROOT_USER_ACTION=ignore
unset PYTHONPATH PYTHONHOME PIP_TARGET PIP_PREFIX
