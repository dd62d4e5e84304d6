"""A virtual community that speaks MQTT, with an encoder of its own: it shares no code with what decodes it."""
