"""The core of the Konectus back office: vocabulary, rules and memory. Imports no surface."""
