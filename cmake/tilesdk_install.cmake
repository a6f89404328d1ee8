# Install tree, package config and pkg-config file are declared here.
