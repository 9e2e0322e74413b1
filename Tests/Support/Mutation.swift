extension SplitMix {
    /// The bytes with one to three small changes, which may undo each other.
    public mutating func mutated(_ bytes: [UInt8]) -> [UInt8] {
        var bytes = bytes
        for _ in 0..<Int.random(in: 1...3, using: &self) where !bytes.isEmpty {
            let place = Int.random(in: 0..<bytes.count, using: &self)
            switch Int.random(in: 0..<8, using: &self) {
            case 0: bytes[place] ^= 1 << UInt8.random(in: 0..<8, using: &self)
            case 1: bytes[place] = UInt8.random(in: 0...255, using: &self)
            case 2: bytes.remove(at: place)
            case 3: bytes.insert(UInt8.random(in: 0...127, using: &self), at: place)
            case 4: bytes.removeSubrange(place..<min(bytes.count, place + Int.random(in: 1...40, using: &self)))
            case 5: bytes.insert(contentsOf: bytes[place..<min(bytes.count, place + 20)], at: place)
            case 6: bytes.swapAt(place, Int.random(in: 0..<bytes.count, using: &self))
            default: bytes[place] = bytes[Int.random(in: 0..<bytes.count, using: &self)]
            }
        }
        return bytes
    }
}
