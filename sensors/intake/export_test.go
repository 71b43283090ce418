package intake

// ContentPrefix is what the forwarder knows readings by.
const ContentPrefix = contentPrefix
